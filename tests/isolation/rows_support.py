"""Rows of the tables of support, in the order of their foreign keys."""

SOMEBODY = "(SELECT id FROM core.users ORDER BY email LIMIT 1)"

STATEMENTS: dict[str, str] = {
    "support.support_curated_replies": "INSERT INTO support.support_curated_replies (id, client_id, key, title, body)"
    " VALUES (%(id)s, %(c)s, 'reply_' || %(n)s, 'Where is my order?', 'Your order {{order}} is on its way.')",
}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""
BREAKS: dict[str, str] = {
    "ck_support_curated_replies_status_known": "status = 'nope'",
    "ck_support_curated_replies_key_is_name": "key = 'Order Status'",
    "ck_support_curated_replies_text_not_blank": "body = '  '",
    "ck_support_curated_replies_version_positive": "version = 0",
    "ck_support_curated_replies_variables_are_named": "variables = '[]'",
    "ck_support_curated_replies_author_is_not_approver": f"author_id = {SOMEBODY}, approver_id = {SOMEBODY},"
    " approved_at = now()",
    "ck_support_curated_replies_approval_is_whole": "approved_at = now()",
    "ck_support_curated_replies_approved_by_somebody": "status = 'approved'",
    "ck_support_curated_replies_retired_has_time": "status = 'retired'",
    "ck_support_curated_replies_counts_agree": "resolved_count = 1",
    "ck_support_curated_replies_ratings_agree": "rating_sum = 6, rated_count = 1",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
