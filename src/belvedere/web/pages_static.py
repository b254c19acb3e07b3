"""Stylesheet, module and mark, under names that carry their content."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from belvedere.accounts.door import open_to_all
from belvedere.core.errors import NotFound
from belvedere.web.assets import ASSET_PREFIX, CACHE_FOR_A_YEAR, Asset, asset_named, assets

router = APIRouter(dependencies=[Depends(open_to_all("the same files for everybody"))])


@router.get(ASSET_PREFIX + "{name}")
async def read_asset(name: str, request: Request) -> Response:
    asset = asset_named(name)
    if asset is None:
        raise NotFound("There is no such file.")
    return _sent(asset, request, CACHE_FOR_A_YEAR)


@router.get("/favicon.ico")
async def read_mark(request: Request) -> Response:
    return _sent(assets()["mark"], request, "public, max-age=86400")


def _sent(asset: Asset, request: Request, cache: str) -> Response:
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            asset.gzipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=asset.media_type
        )
    return Response(asset.body, headers=headers, media_type=asset.media_type)
