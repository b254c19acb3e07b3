"""One record over its readings."""

from decimal import Decimal

from markupsafe import Markup
from tests.web.samples.common import BRANDT, READER, ago, ui, wave
from tests.web.samples.inbox import WARNING
from tests.web.samples.readings import SNAPSHOT

from belvedere.web.charts import LineChart, Point, line_chart

CHART = line_chart(
    LineChart(
        "Open rate, every reading",
        [
            Point(ago(days=20 - index), Decimal(19) - Decimal(index) * Decimal("0.36"), breach=index == 20)
            for index in range(21)
        ],
        "percent",
        "EUR",
        limit=Decimal(15),
    ),
    READER,
)


RECORD = {
    "id": "r0",
    "external_id": "64f1a2c09e",
    "name": "Advent preview",
    "status": "sent",
    "category": "newsletter",
    "email": None,
    "amount": Decimal("842.16"),
    "quantity": 18402,
    "tags": ["advent", "vip"],
    "at": ago(days=1),
    "currency": "EUR",
    "extra": '{\n  "subject": "Der Advent beginnt",\n  "utm": "advent-26"\n}',
}
METRICS = [
    {
        "name": "open_rate",
        "label": "Open rate",
        "value": Decimal("11.8"),
        "unit": "percent",
        "previous": Decimal("13.1"),
        "spark": wave(19, 18, 17, 16, 14, 12, breach=True),
        "alert": "warning",
        "definition": "Opened of delivered",
    },
    {
        "name": "sent",
        "label": "Sent",
        "value": Decimal(18402),
        "unit": "count",
        "previous": Decimal(18402),
        "spark": wave(5, 5, 6, 5),
        "alert": None,
        "definition": None,
    },
    {
        "name": "revenue",
        "label": "Revenue",
        "value": Decimal("842.16"),
        "unit": "currency",
        "previous": None,
        "spark": Markup(""),
        "alert": None,
        "definition": None,
    },
]


def record():
    return {
        "ui": ui("/records/r0"),
        "snapshot": {"id": "s3", "at": ago(minutes=22), "state": "fresh"},
        "source": SNAPSHOT["source"],
        "client": BRANDT,
        "record": RECORD,
        "metrics": METRICS,
        "chart": CHART,
        "chosen": "open_rate",
        "alerts": WARNING[:1],
        "readings": 21,
    }
