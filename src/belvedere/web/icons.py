"""Our own icons, 16 px on a 1.5 px stroke; drawn inline so that they follow the text's colour."""

from functools import cache, lru_cache

from markupsafe import Markup

# Classes inside: f is filled with the text colour; k strokes and d fills with the colour of the surface.
SHAPES = {
    "mark": '<path d="M2.8 13.6V6.6a5.2 5.2 0 0 1 10.4 0v7M1.2 13.8h13.6M5.2 10.1h5.6"/>'
    '<circle class="f" cx="8" cy="6.9" r="1.5"/>',
    "home": '<path d="M2.5 7.2 8 2.8l5.5 4.4v5.6a.7.7 0 0 1-.7.7H3.2a.7.7 0 0 1-.7-.7zM6.3 13.5V9.6'
    'h3.4v3.9"/>',
    "bell": '<path d="M4 11V7a4 4 0 0 1 8 0v4l1.2 1.3H2.8zM6.6 14.2h2.8"/>',
    "rule": '<path d="M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6"/><circle cx="10.2" cy="4.5" r="1.7"/>'
    '<circle cx="5.8" cy="11.5" r="1.7"/>',
    "source": '<ellipse cx="8" cy="4" rx="5" ry="1.8"/>'
    '<path d="M3 4v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8"/>',
    "gear": '<circle cx="8" cy="8" r="2.1"/><path d="M8 1.8v1.9M8 12.3v1.9M1.8 8h1.9M12.3 8h1.9M3.6 3.6 5 5'
    "M11 11l1.4 1.4"
    'M12.4 3.6 11 5M5 11l-1.4 1.4"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "table": '<rect x="2.4" y="3" width="11.2" height="10" rx="1.2"/><path d="M2.4 6.4h11.2M6.2 6.4V13M2.4 9.7h11.2"/>',
    "search": '<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.2 3.2"/>',
    "user": '<circle cx="8" cy="5.4" r="2.5"/><path d="M3 13.4c.5-2.6 2.4-4 5-4s4.5 1.4 5 4"/>',
    "users": '<circle cx="6" cy="5.6" r="2.3"/><path d="M1.8 13c.4-2.3 2-3.5 4.2-3.5s3.8 1.2 4.2 3.5'
    'M10.4 3.5a2.3 2.3 0 0 1 0 4.2M12 9.9c1.2.5 2 1.5 2.3 3.1"/>',
    "key": '<circle cx="5.2" cy="10.8" r="2.7"/><path d="m7.2 8.8 6-6M11 5l1.8 1.8"/>',
    "mail": '<rect x="2.4" y="3.6" width="11.2" height="8.8" rx="1.2"/><path d="m2.8 4.6 5.2 4 5.2-4"/>',
    "chat": '<path d="M3 3.2h10v7H8.4L5.6 13v-2.8H3z"/>',
    "send": '<path d="M13.6 2.4 2.4 6.6l4.5 2.5 2.5 4.5zM6.9 9.1l6.7-6.7"/>',
    "book": '<path d="M8 4.2C6.6 3.2 4.6 3 2.5 3v9.2c2.1 0 4.1.2 5.5 1.2 1.4-1 3.4-1.2 5.5-1.2V3'
    'c-2.1 0-4.1.2-5.5 1.2zM8 4.2v9.2"/>',
    "shield": '<path d="M8 2.2 13 4v4c0 3-2 4.9-5 6-3-1.1-5-3-5-6V4zM5.8 7.9l1.6 1.6 2.8-3"/>',
    "clock": '<circle cx="8" cy="8" r="5.6"/><path d="M8 4.9V8l2.1 1.5"/>',
    "note": '<path d="M3 3.2h10v7H8.4L5.6 13v-2.8H3z"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "check": '<path d="m3.2 8.4 3.2 3.2 6.4-7"/>',
    "down": '<path d="m4 6.2 4 4 4-4"/>',
    "right": '<path d="m6.2 4 4 4-4 4"/>',
    "left": '<path d="m9.8 4-4 4 4 4"/>',
    "updown": '<path d="M5.2 6.2 8 3.4l2.8 2.8M5.2 9.8 8 12.6l2.8-2.8"/>',
    "arrow-up": '<path d="M8 13V3.4M4 7.2l4-4 4 4"/>',
    "arrow-down": '<path d="M8 3v9.6M4 8.8l4 4 4-4"/>',
    "again": '<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.4v2.8h-2.8"/>',
    "play": '<path d="M5 3.2 12.4 8 5 12.8z"/>',
    "pause": '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
    "edit": '<path d="m3 13 .6-2.8 7-7 2.2 2.2-7 7zM9.2 4.6l2.2 2.2"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.2"/><path d="M10.5 5.5v-3h-8v8h3"/>',
    "out": '<path d="M9 3H3v10h6M7 8h7M11.4 5.4 14 8l-2.6 2.6"/>',
    "theme": '<circle cx="8" cy="8" r="5.6"/><path class="f" d="M8 2.4a5.6 5.6 0 0 1 0 11.2z"/>',
    "critical": '<path class="f" d="M5.3 1.6h5.4l3.7 3.7v5.4l-3.7 3.7H5.3l-3.7-3.7V5.3z"/>'
    '<path class="k" d="M8 4.7v3.9"/><circle class="d" cx="8" cy="11.1" r=".95"/>',
    "warning": '<path class="f" d="M8 1.7c.5 0 .9.3 1.2.7l5.3 9.6c.5.9-.1 2-1.2 2H2.7c-1.1 0-1.7-1.1-1.2-2'
    'l5.3-9.6c.3-.4.7-.7 1.2-.7z"/><path class="k" d="M8 5.9v3.2"/>'
    '<circle class="d" cx="8" cy="11.5" r=".9"/>',
    "info": '<circle cx="8" cy="8" r="5.7"/><path d="M8 7.4v3.4"/><circle class="f" cx="8" cy="5.1" r=".9"/>',
    "good": '<circle cx="8" cy="8" r="5.7"/><path d="m5.5 8.2 1.8 1.8 3.3-3.7"/>',
    "fresh": '<circle class="f" cx="8" cy="8" r="6"/>',
    "late": '<path class="f" d="M8 2.5a5.5 5.5 0 0 1 0 11z"/><circle cx="8" cy="8" r="5.5"/>',
    "off": '<circle cx="8" cy="8" r="5.5"/>',
    "failed": '<path class="f" d="M8 2.2 14.4 13.6H1.6z"/>',
    "never": '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.6 2.6"/>',
}


@cache
@lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> Markup:
    """One icon for decoration; the word beside it carries the meaning. `size` "s" is 14 px."""
    extra = f" i-{size}" if size else ""
    return Markup(  # noqa: S704  the shapes are constants of this file
        f'<svg class="i{extra}" viewBox="0 0 16 16" aria-hidden="true">{SHAPES[name]}</svg>'
    )
