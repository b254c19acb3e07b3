"""Pages over many clients: the first rows of each client in reach by its own index, then merged.

A row policy asks who may see what while the statement runs, so the planner cannot know that somebody sees one small
client alone: it would go through the rows of all clients for a page of theirs. `core.clients` shows to each role the
clients in its reach, and each of them is a short walk along an index that begins with `client_id`.
"""


def page_keys(
    table: str, condition: str = "true", *, oldest_first: bool = False, limit: str = ":limit"
) -> str:
    """SQL of `client_id`, `id` and `created_at` of one page of `table`, in order; `condition` speaks of its rows as `t`.

    Binds `limit`, and `:client_id` for one client alone (None for all in reach). The table needs an index on
    (client_id, created_at DESC, id DESC); where to go on from is part of the condition.
    """
    direction = "ASC" if oldest_first else "DESC"
    return (
        "SELECT first.client_id, first.id, first.created_at FROM core.clients reach CROSS JOIN LATERAL ("
        f"SELECT t.client_id, t.id, t.created_at FROM {table} t WHERE t.client_id = reach.id AND {condition}"
        f" ORDER BY t.created_at {direction}, t.id {direction} LIMIT {limit}) first"
        " WHERE CAST(:client_id AS integer) IS NULL OR reach.id = :client_id"
        f" ORDER BY first.created_at {direction}, first.id {direction} LIMIT {limit}"
    )
