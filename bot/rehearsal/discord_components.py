"""Rules for components in messages and forms (modals): what Discord refuses, plus what it would silently drop.

https://docs.discord.com/developers/components/reference . Stricter than the real service in one way: an unknown or misspelt field is refused
(code UNKNOWN_FIELD), because the real service ignores it and the author would never learn that the field did nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from bot.rehearsal.discord_errors import invalid_form
from bot.rehearsal.discord_world import Json

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 17, 18, 19, 21, 22, 23
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK_STYLE, PREMIUM_STYLE = 5, 6
_NEEDS_V2 = (SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER)

_SELECT_FIELDS = {"custom_id", "placeholder", "min_values", "max_values", "disabled", "required"}
_FIELDS: dict[int, set[str]] = {
    ACTION_ROW: {"components"},
    BUTTON: {"style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"},
    STRING_SELECT: _SELECT_FIELDS | {"options"},
    TEXT_INPUT: {"custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder"},
    USER_SELECT: _SELECT_FIELDS | {"default_values"},
    ROLE_SELECT: _SELECT_FIELDS | {"default_values"},
    MENTIONABLE_SELECT: _SELECT_FIELDS | {"default_values"},
    CHANNEL_SELECT: _SELECT_FIELDS | {"default_values", "channel_types"},
    SECTION: {"components", "accessory"},
    TEXT_DISPLAY: {"content"},
    THUMBNAIL: {"media", "description", "spoiler"},
    MEDIA_GALLERY: {"items"},
    FILE: {"file", "spoiler"},
    SEPARATOR: {"divider", "spacing"},
    CONTAINER: {"components", "accent_color", "spoiler"},
    LABEL: {"label", "description", "component"},
    FILE_UPLOAD: {"custom_id", "min_values", "max_values", "required"},
    RADIO_GROUP: {"custom_id", "options", "required"},
    CHECKBOX_GROUP: {"custom_id", "options", "min_values", "max_values", "required"},
    CHECKBOX: {"custom_id", "default"},
}
_CONTAINER_CHILDREN = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
_FORM_INPUTS = (*SELECTS, TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)


def only_fields(body: Json, allowed: set[str], path: str) -> None:
    """Refuse fields outside `allowed`."""
    for name in body:
        if name not in allowed:
            raise invalid_form(
                _at(path, name), "UNKNOWN_FIELD", f"There is no field {name!r} here; Discord would ignore it."
            )


def text_between(body: Json, name: str, low: int, high: int, path: str, *, required: bool = True) -> None:
    """Refuse field `name` unless it is text of `low` to `high` characters (or absent, when not required)."""
    value = body.get(name)
    if value is None and not required:
        return
    if value is None:
        raise invalid_form(_at(path, name), "BASE_TYPE_REQUIRED", "This field is required")
    if not isinstance(value, str):
        raise invalid_form(_at(path, name), "STRING_TYPE_CONVERT", "Could not interpret this as string.")
    if not low <= len(value) <= high:
        raise invalid_form(_at(path, name), "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")


def number_between(body: Json, name: str, low: int, high: int, path: str) -> None:
    """Refuse field `name` if it is present and not a whole number from `low` to `high`."""
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high):
        raise invalid_form(_at(path, name), "NUMBER_TYPE_RANGE", f"Must be a whole number from {low} to {high}.")


def walk(components: Sequence[Json], path: str = "components") -> Iterator[tuple[str, Json]]:
    """Every component of a tree with its path, parents first."""
    for index, component in enumerate(components):
        here = f"{path}.{index}"
        yield here, component
        yield from walk(component.get("components") or (), f"{here}.components")
        for single in ("accessory", "component"):
            if isinstance(component.get(single), dict):
                yield f"{here}.{single}", component[single]


def number_components(components: Sequence[Json]) -> None:
    """Give every component without an `id` the next free one, in order, as Discord does."""
    used = {c["id"] for _, c in walk(components) if c.get("id")}
    following = 1
    for _, component in walk(components):
        if not component.get("id"):
            while following in used:
                following += 1
            component["id"] = following
            used.add(following)


def check_message_components(components: object, *, v2: bool) -> None:
    """Refuse a component tree that Discord would refuse in a message; ApiError 50035 says where."""
    if not isinstance(components, list):
        raise invalid_form("components", "LIST_TYPE_CONVERT", "Only iterables may be used in a list type")
    if not v2 and len(components) > 5:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be 5 or fewer in length.")
    _check_each(components)
    everything = list(walk(components))
    if v2 and len(everything) > 40:
        raise invalid_form(
            "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "At most 40 components in a message."
        )
    if sum(len(c["content"]) for _, c in everything if c["type"] == TEXT_DISPLAY) > 4000:
        raise invalid_form(
            "components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "At most 4000 characters of text in a message."
        )
    for index, component in enumerate(components):
        kind, path = component["type"], f"components.{index}"
        if kind in _NEEDS_V2 and not v2:
            raise invalid_form(path, "UNION_TYPE_CHOICES", "This type needs the flag IS_COMPONENTS_V2.")
        if (kind != ACTION_ROW and kind not in _NEEDS_V2) or kind == THUMBNAIL:
            raise invalid_form(path, "UNION_TYPE_CHOICES", f"Type {kind} cannot stand at the top of a message.")


def check_modal(data: Json) -> None:
    """Refuse a form that Discord would refuse: title, 1 to 5 components, each an input in a Label or an old-style row."""
    only_fields(data, {"custom_id", "title", "components"}, "data")
    text_between(data, "custom_id", 1, 100, "data")
    text_between(data, "title", 1, 45, "data")
    components = data.get("components")
    if not isinstance(components, list) or not 1 <= len(components) <= 5:
        raise invalid_form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    _check_each(components, in_modal=True)
    for index, component in enumerate(components):
        if component["type"] not in (LABEL, TEXT_DISPLAY, ACTION_ROW):
            raise invalid_form(
                f"data.components.{index}", "UNION_TYPE_CHOICES", "Only Label, TextDisplay or a text input row."
            )


def _check_each(components: Sequence[Json], *, in_modal: bool = False) -> None:
    custom_ids: set[object] = set()
    ids: set[object] = set()
    for path, component in walk(components):
        if not isinstance(component, dict):
            raise invalid_form(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        kind = component.get("type")
        if kind not in _FIELDS:
            raise invalid_form(f"{path}.type", "BASE_TYPE_CHOICES", f"{kind!r} is not a component type.")
        only_fields(component, _FIELDS[kind] | {"type", "id"}, path)
        if "custom_id" in _FIELDS[kind] and kind != BUTTON:
            text_between(component, "custom_id", 1, 100, path)
        rule = _RULES.get(kind)
        if rule is not None:
            rule(component, path, in_modal)
        for name, seen in (("custom_id", custom_ids), ("id", ids)):
            value = component.get(name)
            if value and value in seen:
                code = "COMPONENT_CUSTOM_ID_DUPLICATED" if name == "custom_id" else "COMPONENT_ID_DUPLICATED"
                raise invalid_form(_at(path, name), code, f"Component {name} cannot be duplicated")
            if value:
                seen.add(value)


def _check_row(row: Json, path: str, in_modal: bool) -> None:
    allowed = (TEXT_INPUT,) if in_modal else (BUTTON, *SELECTS)
    _children(row, path, allowed, 1, 5)
    kinds = [child.get("type") for child in row["components"]]
    if any(kind != BUTTON for kind in kinds) and len(kinds) > 1:
        raise invalid_form(
            f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A row holds up to 5 buttons or one select."
        )


def _check_button(button: Json, path: str, _in_modal: bool) -> None:
    style, url, custom_id = button.get("style"), button.get("url"), button.get("custom_id")
    if style not in range(1, 7):
        raise invalid_form(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of 1 to 6.")
    text_between(button, "label", 1, 80, path, required=False)
    if style == PREMIUM_STYLE:
        text_between(button, "sku_id", 1, 20, path)
        return
    if not button.get("label") and not button.get("emoji"):
        raise invalid_form(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button needs a label or an emoji.")
    if style == LINK_STYLE:
        if custom_id is not None:
            raise invalid_form(
                path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A link button has no custom_id."
            )
        text_between(button, "url", 1, 512, path)
        check_url(button["url"], f"{path}.url", ("http", "https", "discord"))
        return
    if url is not None:
        raise invalid_form(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "Only a link button has a url.")
    text_between(button, "custom_id", 1, 100, path)


def check_url(url: str, path: str, schemes: Sequence[str] = ("http", "https")) -> None:
    """Refuse a url that is not well formed or not of one of `schemes`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes:
        raise invalid_form(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")
    if not parts.netloc or any(c.isspace() for c in url):
        raise invalid_form(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_select(select: Json, path: str, _in_modal: bool) -> None:
    kind = select["type"]
    text_between(select, "placeholder", 0, 150, path, required=False)
    number_between(select, "min_values", 0, 25, path)
    number_between(select, "max_values", 1, 25, path)
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if low > high:
        raise invalid_form(
            f"{path}.min_values", "SELECT_COMPONENT_MIN_VALUES_EXCEEDS_MAX", "min_values exceeds max_values."
        )
    if kind == STRING_SELECT:
        _check_options(select, path, low=1, high=25)
        if high > len(select["options"]):
            raise invalid_form(
                f"{path}.max_values", "SELECT_COMPONENT_MAX_VALUES_EXCEEDS_OPTIONS", "max_values exceeds options."
            )
        return
    chosen = select.get("default_values") or ()
    if len(chosen) > high or (chosen and len(chosen) < low):
        raise invalid_form(
            f"{path}.default_values", "BASE_TYPE_BAD_LENGTH", "default_values must fit min_values and max_values."
        )
    types = {USER_SELECT: {"user"}, ROLE_SELECT: {"role"}, CHANNEL_SELECT: {"channel"}}.get(kind, {"user", "role"})
    if any(value.get("type") not in types for value in chosen):
        raise invalid_form(
            f"{path}.default_values", "BASE_TYPE_CHOICES", f"default_values of this select are of type {types}."
        )


def _check_options(component: Json, path: str, *, low: int, high: int) -> None:
    options = component.get("options")
    if not isinstance(options, list) or not low <= len(options) <= high:
        raise invalid_form(f"{path}.options", "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
    values: set[str] = set()
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        only_fields(option, {"label", "value", "description", "emoji", "default"}, here)
        text_between(option, "label", 1, 100, here)
        text_between(option, "value", 1, 100, here)
        text_between(option, "description", 0, 100, here, required=False)
        if option["value"] in values:
            raise invalid_form(
                f"{here}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Option values must be unique."
            )
        values.add(option["value"])
    if sum(bool(option.get("default")) for option in options) > component.get("max_values", 1):
        raise invalid_form(f"{path}.options", "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than max_values.")


def _check_text_input(component: Json, path: str, in_modal: bool) -> None:
    if not in_modal:
        raise invalid_form(path, "UNION_TYPE_CHOICES", "A text input stands only in a form.")
    number_between(component, "style", 1, 2, path)
    number_between(component, "min_length", 0, 4000, path)
    number_between(component, "max_length", 1, 4000, path)
    text_between(component, "placeholder", 0, 100, path, required=False)
    text_between(component, "value", 0, component.get("max_length") or 4000, path, required=False)
    text_between(component, "label", 1, 45, path, required=".component" not in path)


def _check_label(component: Json, path: str, in_modal: bool) -> None:
    if not in_modal:
        raise invalid_form(path, "UNION_TYPE_CHOICES", "A label stands only in a form.")
    text_between(component, "label", 1, 45, path)
    text_between(component, "description", 0, 100, path, required=False)
    if (component.get("component") or {}).get("type") not in _FORM_INPUTS:
        raise invalid_form(f"{path}.component", "BASE_TYPE_REQUIRED", "A label needs one input component.")


def _children(component: Json, path: str, allowed: Sequence[int], low: int, high: int) -> None:
    children = component.get("components")
    if not isinstance(children, list) or not low <= len(children) <= high:
        raise invalid_form(f"{path}.components", "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
    for index, child in enumerate(children):
        if child.get("type") not in allowed:
            raise invalid_form(
                f"{path}.components.{index}", "UNION_TYPE_CHOICES", f"Only types {tuple(allowed)} stand here."
            )


def _check_section(section: Json, path: str, _in_modal: bool) -> None:
    _children(section, path, (TEXT_DISPLAY,), 1, 3)
    if (section.get("accessory") or {}).get("type") not in (BUTTON, THUMBNAIL):
        raise invalid_form(f"{path}.accessory", "BASE_TYPE_REQUIRED", "A section needs a button or thumbnail.")


def _check_text_display(display: Json, path: str, _in_modal: bool) -> None:
    text_between(display, "content", 1, 4000, path)


def _check_separator(separator: Json, path: str, _in_modal: bool) -> None:
    number_between(separator, "spacing", 1, 2, path)


def _check_container(container: Json, path: str, _in_modal: bool) -> None:
    _children(container, path, _CONTAINER_CHILDREN, 1, 40)
    number_between(container, "accent_color", 0, 0xFFFFFF, path)


def _check_choice_group(group: Json, path: str, _in_modal: bool) -> None:
    _check_options(group, path, low=2 if group["type"] == RADIO_GROUP else 1, high=10)


_RULES: dict[int, Callable[[Json, str, bool], None]] = {
    ACTION_ROW: _check_row,
    BUTTON: _check_button,
    **dict.fromkeys(SELECTS, _check_select),
    TEXT_INPUT: _check_text_input,
    SECTION: _check_section,
    TEXT_DISPLAY: _check_text_display,
    SEPARATOR: _check_separator,
    CONTAINER: _check_container,
    LABEL: _check_label,
    RADIO_GROUP: _check_choice_group,
    CHECKBOX_GROUP: _check_choice_group,
}


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
