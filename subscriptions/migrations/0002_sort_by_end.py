from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_customers"),
        ("providers", "0001_provider"),
        ("resellers", "0001_partnerships"),
        ("subscriptions", "0001_orders_and_subscriptions"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="subscription", name="subscriptions_by_end"),
        migrations.AddField(
            model_name="subscription",
            name="ends_or_never",
            field=models.GeneratedField(
                db_persist=True,
                expression=Coalesce("ends_at", models.Value(datetime(9999, 12, 31, tzinfo=UTC))),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["provider", "ends_or_never", "id"], name="subscriptions_by_end"),
        ),
    ]
