from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ["web", "worker", "beat", "migrate"]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_the_services_are_the_portals_four_and_two_stores(services):
    assert sorted(services) == sorted([*PORTAL, "postgres", "redis"])


def test_the_portals_services_are_one_image(services):
    assert {services[name]["image"] for name in PORTAL} == {"partnercenter"}


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_service_waits_for_healthy_stores_and_the_finished_migration(services, name):
    conditions = {other: waits["condition"] for other, waits in services[name]["depends_on"].items()}

    assert conditions == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


def test_the_migration_waits_for_the_database_and_is_not_repeated_for_ever(services):
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == "python manage.py migrate --no-input"
    assert services["migrate"]["restart"] == "on-failure:3"


@pytest.mark.parametrize("name", ["web", "worker", "postgres", "redis"])
def test_a_service_says_whether_it_is_healthy(services, name):
    assert services[name]["healthcheck"]["test"]


def test_web_can_be_several(services):
    assert "container_name" not in services["web"]
    assert services["web"]["ports"] == ["${WEB_PORTS:-127.0.0.1:8000}:8000"]
    assert "--worker-class gthread" in services["web"]["command"]


def test_the_schedule_runs_once_and_apart_from_the_worker(services):
    assert services["beat"]["deploy"] == {"replicas": 1}
    assert "celery -A partnercenter.celery beat" in services["beat"]["command"]
    assert "celery -A partnercenter.celery worker" in services["worker"]["command"]
    assert "-B" not in services["worker"]["command"].split()


def test_the_database_is_postgresql_18_and_keeps_its_data(compose, services):
    assert services["postgres"]["image"] == "postgres:18"
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert sorted(compose["volumes"]) == ["postgres", "redis"]


def test_only_web_opens_a_port(services):
    assert [name for name, service in services.items() if "ports" in service] == ["web"]


def test_secrets_come_from_the_env_file(services):
    password = "${POSTGRES_PASSWORD:?see .env.example}"

    assert {services[name]["env_file"] for name in PORTAL} == {".env"}
    assert services["postgres"]["environment"] == {"POSTGRES_PASSWORD": password}
    assert services["web"]["environment"] == {
        "DATABASE_URL": f"postgresql://partnercenter:{password}@postgres:5432/partnercenter",
        "REDIS_URL": "redis://redis:6379/0",
    }


def test_the_example_has_no_secrets():
    lines = (ROOT / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert [values[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "EMAIL_URL")] == ["", "", ""]


def test_the_image_takes_only_what_it_is_told():
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_image_runs_without_root_and_without_tools_for_development(services):
    recipe = services["web"]["build"]["dockerfile_inline"]

    assert "USER portal" in recipe
    assert "--constraint requirements.lock --requirements pyproject.toml" in recipe
