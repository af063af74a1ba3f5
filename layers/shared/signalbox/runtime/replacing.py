"""Changes an API key that is kept, unless somebody has changed it meanwhile."""

from dataclasses import dataclass

from signalbox.aws.dynamo import Table, text
from signalbox.aws.keys import KEY
from signalbox.models.errors import WriteConflict
from signalbox.models.principal import ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceKeys:
    """Keeps keys in the Config table, where those are that the KeyStore has made."""

    table: Table

    def __call__(self, before: ApiKey, after: ApiKey) -> None:
        """Keeps `after` in place of `before`. Raises WriteConflict."""
        item = self.table.get({"pk": {"S": KEY}, "sk": {"S": before.id}})
        if item is None or ApiKey.model_validate_json(text(item, "doc")) != before:
            raise WriteConflict("the record has changed meanwhile")
        self.table.put_over({**item, "doc": {"S": after.model_dump_json()}}, {"doc": item["doc"]})
