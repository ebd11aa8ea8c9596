"""Microsoft's published schema as a check on every envelope."""

import tempfile
from pathlib import Path
from typing import Any

from lxml import etree

from tests.servers.ews_fake.server import NS

_XML = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">'
    '<xs:attribute name="lang" type="xs:language"/></xs:schema>'
)
_IMPORT = '<xs:import namespace="http://www.w3.org/XML/1998/namespace"/>'


class EwsSchema:
    """Requests and answers against messages.xsd and types.xsd."""

    def __init__(self, folder: Path) -> None:
        """`types.xsd` imports the xml namespace without saying from where, so it is read from a place that does."""
        with tempfile.TemporaryDirectory() as there:
            place = Path(there)
            types = (folder / "types.xsd").read_text(encoding="utf-8")
            assert _IMPORT in types
            (place / "xml.xsd").write_text(_XML)
            (place / "types.xsd").write_text(
                types.replace(_IMPORT, _IMPORT.replace("/>", ' schemaLocation="xml.xsd"/>'))
            )
            (place / "messages.xsd").write_bytes((folder / "messages.xsd").read_bytes())
            self._schema = etree.XMLSchema(etree.parse(place / "messages.xsd"))

    def problems(self, envelope: bytes) -> list[str]:
        """What the schema does not allow in the body of an envelope."""
        root: Any = etree.fromstring(envelope)
        found: list[str] = []
        for each in root.find("s:Body", NS):
            alone = etree.fromstring(etree.tostring(each))
            if not self._schema.validate(alone):
                found += [str(error.message) for error in self._schema.error_log]
        return found
