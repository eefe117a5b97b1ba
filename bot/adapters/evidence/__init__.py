"""Evidence packs: one ZIP with facts, a page to print, and a signed manifest."""
