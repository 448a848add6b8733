"""The JSON Schema of `report.json`, as it is shipped in `resources/report.schema.json`.

The models of `report_record` are the one source. After a change of them, write the file again with
`python -m aspsfusion.schema resources/report.schema.json`; a test compares the two.
"""

import json
import sys
from pathlib import Path

from aspsfusion.report_record import REPORT_SCHEMA_VERSION, Report

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def report_schema_text() -> str:
    """Return the JSON Schema of `report.json` as the text of its file."""
    schema = Report.model_json_schema(mode="serialization")
    schema["title"] = f"aspsfusion report, schema version {REPORT_SCHEMA_VERSION}"
    return json.dumps({"$schema": SCHEMA_DIALECT, **schema}, indent=1) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(report_schema_text(), encoding="utf-8")
