"""A client whose own rule replaces one of every client is left out where that one is tried."""

import pytest
from tests.watchtower.past import keep
from tests.watchtower.test_rules_api import make
from tests.watchtower.world import campaign


@pytest.fixture
async def wide(http, olga, world):
    await world.judge(keep(world, [campaign(rate="9")]))
    return await make(http, olga, name="Wide")


async def test_trying_a_rule_leaves_out_clients_with_their_own(http, olga, wide):
    asked = {"rule_id": wide["id"]}
    for path in ("preview", "preview-messages"):
        found = (await http.post(f"/rules/{path}", json=asked, headers=olga)).json()
        assert (found["matches"], found["left_out"]) == (1, [])
    past = (await http.post("/rules/backtest", json={**asked, "days": 30}, headers=olga)).json()
    assert (past["episodes_total"], past["left_out"]) == (1, [])
    own = await make(http, olga, name="Own", client_id=1, overrides_rule_id=wide["id"])
    said = [{"client_id": 1, "rule_id": own["id"], "name": "Own", "says": "Client 1 has its own: “Own”."}]
    for path in ("preview", "preview-messages"):
        found = (await http.post(f"/rules/{path}", json=asked, headers=olga)).json()
        assert (found["matches"], found["left_out"]) == (0, said)
    past = (await http.post("/rules/backtest", json={**asked, "days": 30}, headers=olga)).json()
    assert (past["episodes_total"], past["by_client"], past["left_out"]) == (0, [], said)
