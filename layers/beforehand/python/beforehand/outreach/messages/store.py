"""Templates in PostgreSQL, together with those that come with the product. Versions are added, never changed."""

import json
from collections.abc import Collection

from beforehand.adapters.postgres import Row, Transaction
from beforehand.outreach.messages.documents import variables_of
from beforehand.outreach.messages.model import SHIPPED, Catalogue, Template
from beforehand.outreach.messages.template_files import shipped

COLUMNS = "name, language, version, subject, body, variables, note, restored_from, created_by, created_at"


class PostgresTemplates:
    """The templates that there are, inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def catalogue(self, names: Collection[str] | None = None) -> Catalogue:
        """What is used now, of these names or of all: the company's own, and the shipped where it has none."""
        rows = self._transaction.rows(
            f"""select distinct on (name, language) {COLUMNS} from outreach_templates
                where cast(:names as text[]) is null or name = any(cast(:names as text[]))
                order by name, language, version desc""",
            names=None if names is None else list(names),
        )  # fmt: skip
        found = {name: dict(of) for name, of in shipped().items() if names is None or name in names}
        for own in map(_template, rows):
            found.setdefault(own.name, {})[own.language] = own
        return found

    def versions(self, name: str, *, most: int) -> list[Template]:
        """The company's versions of a template in every language, newest first."""
        rows = self._transaction.rows(
            f"""select {COLUMNS} from outreach_templates where name = :name
                order by created_at desc, language, version desc limit :most""",
            name=name, most=most,
        )  # fmt: skip
        return [_template(row) for row in rows]

    def version(self, name: str, language: str, version: int) -> Template | None:
        """One version of a template; `SHIPPED` is the one that comes with the product."""
        if version == SHIPPED:
            return shipped().get(name, {}).get(language)
        row = self._transaction.row(
            f"""select {COLUMNS} from outreach_templates
                where name = :name and language = :language and version = :version""",
            name=name, language=language, version=version,
        )  # fmt: skip
        return None if row is None else _template(row)

    def hold(self, name: str) -> None:
        """Keeps others from saving templates of this name until the end of the transaction."""
        self._transaction.run("select pg_advisory_xact_lock(hashtextextended(:key, 0))", key=f"template {name}")

    def add(self, template: Template) -> None:
        """Adds a version; the name must be held."""
        self._transaction.run(
            f"""insert into outreach_templates ({COLUMNS})
                values (:name, :language, :version, :subject, :body, cast(:variables as jsonb), :note,
                        :restored_from, :created_by, :created_at)""",
            name=template.name, language=template.language, version=template.version, subject=template.subject,
            body=template.body, variables=json.dumps({k: str(v) for k, v in template.variables.items()}),
            note=template.note, restored_from=template.restored_from, created_by=template.created_by,
            created_at=template.created_at,
        )  # fmt: skip


def _template(row: Row) -> Template:
    return Template(**{**row, "variables": variables_of(row["variables"])})
