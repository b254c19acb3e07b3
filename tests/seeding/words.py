UNUSED: dict[str, list[str]] = {}
