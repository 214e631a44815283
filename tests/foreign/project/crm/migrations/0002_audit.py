"""Each change of a contact's address or number is written down by the database itself."""

from django.db import migrations

WRITE = """
INSERT INTO crm_contactaudit (contact_id, old_email, new_email, old_mobile, new_mobile)
VALUES (OLD.id, OLD."mail address", NEW."mail address", OLD.mobile, NEW.mobile);
"""
TRIGGERS = {
    "sqlite": [
        f"""CREATE TRIGGER crm_audit AFTER UPDATE ON crm_contact FOR EACH ROW
        WHEN OLD."mail address" IS NOT NEW."mail address" OR OLD.mobile <> NEW.mobile BEGIN {WRITE} END"""
    ],
    "postgresql": [
        f"""CREATE FUNCTION crm_audit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {WRITE} RETURN NULL; END $$""",
        """CREATE TRIGGER crm_audit AFTER UPDATE ON crm_contact FOR EACH ROW
        WHEN (OLD."mail address" IS DISTINCT FROM NEW."mail address" OR OLD.mobile <> NEW.mobile)
        EXECUTE FUNCTION crm_audit()""",
    ],
}


def create(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]
    operations = [migrations.RunPython(create, elidable=False)]
