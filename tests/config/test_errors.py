from __future__ import annotations

import pytest
from pydantic_core import ErrorTypeInfo
from pydantic_core._pydantic_core import list_all_errors

from householdd.config import errors


@pytest.mark.parametrize("error", list_all_errors(), ids=lambda error: error["type"])
def test_no_error_of_the_library_is_told_in_its_words(error: ErrorTypeInfo) -> None:
    context = error.get("example_context") or {}
    told = errors.describe({"type": error["type"], "msg": error["example_message_python"], "ctx": context})
    assert told
    assert not told.startswith(("Input", "Value error"))
