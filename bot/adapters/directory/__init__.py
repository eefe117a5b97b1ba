"""Where to report and where to find support: one data file that people can check, `routes.toml`."""
