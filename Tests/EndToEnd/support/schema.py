"""The published schema, as a check for what is served."""

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


class Schema:
    def __init__(self, document: dict):
        Draft202012Validator.check_schema(document)
        self.document = document
        registry = Registry().with_resource(document["$id"], Resource.from_contents(document))
        self._stored = Draft202012Validator({"$ref": document["$id"] + "#/$defs/stored"}, registry=registry)

    def check_served(self, events: list[dict]) -> None:
        """Fails naming the first event that is not a `stored` event of the schema."""
        for event in events:
            error = next(self._stored.iter_errors(event), None)
            assert error is None, f"{error.json_path}: {error.message}\nin {event}"
