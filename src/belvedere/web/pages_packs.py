"""Rules to begin with: the packs that come with the program, and bringing one in."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_clients
from belvedere.core.schema import AGENCY
from belvedere.watchtower import service
from belvedere.web.answers import see
from belvedere.web.forms import Errors, Posted, attempt
from belvedere.web.pages_health import rule_tabs
from belvedere.web.view import look

router = door_router()

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]

MOST_CLIENTS = 2000


@router.get("/rules/packs")
async def list_packs(access: Reads) -> Response:
    return await _page(access)


@router.get("/rules/export.yaml")
async def export_file(access: Reads, client: int | None = None) -> Response:
    """Every rule in view as a file, to keep in a repository."""
    document = await service.export_rules(access.session, client_id=client)
    headers = {"Content-Disposition": 'attachment; filename="rules.yaml"'}
    return Response(service.write_yaml(document), media_type="application/yaml", headers=headers)


@router.post("/rules/import")
async def import_file(posted: Posted, access: Writes) -> Response:
    """What a file would change, and on a second press the change itself."""
    text = posted.raw("text")

    async def work() -> tuple[str, int]:
        book = service.parse_book({"rules.yaml": text})
        for rule in book.rules:
            access.require(await _client_of(access, rule.client))
        plan = await service.plan_rules(access.session, book)
        if posted.text("act") != "apply":
            return "\n".join(service.describe_plan(plan)) or "Nothing: the rules stand so already.", -1
        done = await service.apply_rules(
            access.session, book, actor=access.actor, now=access.now,
            discord_base_url=access.runtime.settings.discord_base_url,
        )  # fmt: skip
        counts = done.plan.document()
        return "", int(counts["create"]) + int(counts["change"])

    found, errors = await attempt(access.session, work, {})
    if found is None or found[1] < 0:
        return await _page(access, text, found[0] if found else None, errors)
    return see(
        access.request, "/rules", f"{found[1]} {'rule' if found[1] == 1 else 'rules'} written from the file"
    )


async def _client_of(access: Access, slug: str | None) -> int:
    if slug is None:
        return AGENCY
    clients = await list_clients(access.session, limit=MOST_CLIENTS)
    return next((client.id for client in clients if client.slug == slug), -1)


async def _page(
    access: Access, text: str = "", plan: str | None = None, errors: Errors | None = None
) -> Response:
    view = await look(access)
    every = [("", "every client")] if access.may("rules.write", AGENCY) else []
    slugs = [(client.slug, client.name) for client in view.clients if access.may("rules.write", client.id)]
    packs = [
        {
            "name": pack.name,
            "title": pack.title,
            "description": pack.description,
            "rules": [str(rule.rows[0]["name"]) for rule in pack.rules],
            "text": pack.text,
        }
        for pack in service.list_packs()
    ]
    context = {
        "tabs": rule_tabs(view, "packs"),
        "packs": packs,
        "clients": every + slugs,
        "text": text,
        "plan": plan,
        "errors": errors or {},
    }
    return view.page("packs.html", context, status=422 if errors else 200, path="/rules/packs")


@router.post("/rules/packs/{name}")
async def install_pack(name: str, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    slug = posted.text("client") or None
    chosen = next(
        (client.id for client in view.clients if client.slug == slug), AGENCY if slug is None else -1
    )
    access.require(chosen)
    applied = await service.install_pack(
        access.session, name, actor=access.actor, now=access.now, client=slug,
        discord_base_url=access.runtime.settings.discord_base_url,
    )  # fmt: skip
    made = int(applied.plan.document()["create"])
    title = service.get_pack(name).title
    words = (
        f"{title}: {made} {'rule' if made == 1 else 'rules'} written"
        if made
        else f"{title}: its rules stand already"
    )
    return see(access.request, "/rules", words)
