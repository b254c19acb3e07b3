"""REST of rules in files and of rule packs; mounted under /api/v1, before the routes of single rules."""

from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.watchtower import packs
from belvedere.watchtower.code_apply import Applied, apply_rules, export_rules, plan_rules
from belvedere.watchtower.code_format import Book, parse_book
from belvedere.watchtower.code_shelf import load_shelf
from belvedere.watchtower.code_yaml import write_yaml
from belvedere.watchtower.schemas import ClientFilter, NoteRead

router = door_router()

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
WritesRules = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]
YAML_TYPE = "application/yaml"
FileText = Annotated[str, Field(max_length=1_000_000)]
Word = Annotated[str, Field(min_length=1, max_length=100)]


class RuleFiles(BaseModel):
    """Files of rules by name; names are for refusals, which say which line of which file is wrong."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "files": {
                        "rules.yaml": "rules:\n  theme-changed:\n    field_name: status\n    condition: changed\n"
                    }
                }
            ]
        },
    )

    files: Annotated[
        dict[Annotated[str, Field(max_length=255)], FileText], Field(min_length=1, max_length=200)
    ]
    client: Word | None = Field(default=None, description="Take rules for every client as this client's own.")
    prune: bool = Field(
        default=False, description="Delete what the files do not hold, of the clients they name."
    )

    def book(self) -> Book:
        return parse_book(self.files, client=self.client)


class ApplyFiles(RuleFiles):
    """Files of rules to make stand."""

    force: bool = Field(default=False, description="Take fields that no data carries yet.")


class DifferenceRead(BaseModel):
    field: str
    before: Any = None
    after: Any = None
    row: int | None = None


class StepRead(BaseModel):
    """One rule that is created, changed or deleted; `says` is a new rule as its file has it."""

    action: str
    rule: str
    client: str | None
    name: str
    differences: list[DifferenceRead]
    says: dict[str, Any] | None


class PlanRead(BaseModel):
    """What applying does, in the order in which it is done."""

    create: int
    change: int
    delete: int
    unchanged: int
    steps: list[StepRead]


class RuleNote(NoteRead):
    rule: str


class AppliedRead(PlanRead):
    """What was done, and what the authors of the rules should know."""

    notes: list[RuleNote]

    @classmethod
    def of(cls, done: Applied) -> "AppliedRead":
        notes = [RuleNote(rule=rule, **note.document()) for rule, note in done.notes]
        return cls(**done.plan.document(), notes=notes)


class PackRead(BaseModel):
    """A pack of rules to begin with; `text` is its file."""

    name: str
    title: str
    description: str
    rules: list[str]
    text: str


class PackInstall(BaseModel):
    """For whom; every client if left out."""

    model_config = ConfigDict(extra="forbid")

    client: Word | None = None


@router.get(
    "/rules/export",
    tags=["rules"],
    summary="Rules as a file",
    response_class=Response,
    responses={
        200: {"content": {YAML_TYPE: {"schema": {"type": "object"}}}, "description": "A file of rules"}
    },
)
async def export_file(access: ReadsRules, client_id: ClientFilter = None) -> Response:
    document = await export_rules(access.session, client_id=client_id)
    return Response(write_yaml(document), media_type=YAML_TYPE)


@router.post("/rules/plan", tags=["rules"], summary="What applying files of rules would do")
async def plan_files(body: RuleFiles, access: ReadsRules) -> PlanRead:
    plan = await plan_rules(access.session, body.book(), prune=body.prune)
    return PlanRead(**plan.document())


@router.post("/rules/apply", tags=["rules"], summary="Make the rules say what files say")
async def apply_files(body: ApplyFiles, access: WritesRules) -> AppliedRead:
    book = body.book()
    plan = await plan_rules(access.session, book, prune=body.prune)
    for client_id in plan.client_ids:
        access.require(client_id)
    done = await apply_rules(
        access.session,
        book,
        actor=access.actor,
        now=access.now,
        prune=body.prune,
        force=body.force,
        discord_base_url=access.runtime.settings.discord_base_url,
    )
    return AppliedRead.of(done)


@router.get("/rule-packs", tags=["rules"], summary="Packs of rules to begin with")
async def list_packs(access: ReadsRules) -> list[PackRead]:  # noqa: ARG001 - the door alone
    return [
        PackRead(
            name=pack.name,
            title=pack.title,
            description=pack.description,
            rules=[rule.slug for rule in pack.rules],
            text=pack.text,
        )
        for pack in packs.list_packs()
    ]


@router.post("/rule-packs/{name}/install", tags=["rules"], summary="Create the rules of a pack")
async def install_pack(name: str, access: WritesRules, body: PackInstall | None = None) -> AppliedRead:
    client = body.client if body else None
    shelf = await load_shelf(access.session)
    access.require(0 if client is None else shelf.clients.get(client))
    done = await packs.install_pack(
        access.session,
        name,
        actor=access.actor,
        now=access.now,
        client=client,
        discord_base_url=access.runtime.settings.discord_base_url,
    )
    return AppliedRead.of(done)
