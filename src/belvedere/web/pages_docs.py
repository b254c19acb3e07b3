"""The guide inside the program."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import FileResponse, RedirectResponse, Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.errors import NotFound
from belvedere.web.guide import PICTURES, find_file, guide_folder, list_pages, read_page
from belvedere.web.view import look

router = door_router()

Reads = Annotated[Access, Depends(reading("docs.read"), scope="function")]


@router.get("/docs")
async def show_guide(access: Reads) -> Response:
    folder = _folder()
    pages = list_pages(folder)
    if not pages:
        raise NotFound("The guide has no pages in this installation.")
    return await _page(access, folder, pages, pages[0][0])


@router.get("/docs/{path:path}")
async def show_page(path: str, access: Reads) -> Response:
    folder = _folder()
    picture = find_file(folder, path)
    if picture is not None and picture.suffix in PICTURES:
        return FileResponse(picture, media_type=PICTURES[picture.suffix])
    if path.endswith(".md"):
        return RedirectResponse(f"/docs/{path.removesuffix('.md')}", 303)
    if find_file(folder, path, ".md") is None:
        path = f"{path.rstrip('/')}/README"
        if find_file(folder, path, ".md") is None:
            raise NotFound("The guide has no such page.")
    return await _page(access, folder, list_pages(folder), path)


def _folder() -> Path:
    folder = guide_folder()
    if folder is None:
        raise NotFound("The guide is not part of this installation.")
    return folder


async def _page(access: Access, folder: Path, pages: list[tuple[str, str]], path: str) -> Response:
    view = await look(access)
    page = read_page(folder, path)
    order = [name for name, _ in pages]
    following: dict[str, Any] | None = None
    if path in order[:-1]:
        name, title = pages[order.index(path) + 1]
        following = {"title": title, "url": f"/docs/{name}"}
    contents = [{"title": title, "url": f"/docs/{name}", "current": name == path} for name, title in pages]
    return view.page(
        "docs.html",
        {"page": {"title": page.title, "html": page.html}, "contents": contents, "next": following},
    )
