"""The demo's providers and resellers: two providers that never meet, and resellers in every state there is."""

from dataclasses import dataclass

from accounts.models import Membership, Organisation
from accounts.roles import Kind, Role
from partnercenter.demo.people import colleague, person
from providers.models import Provider
from resellers.enrolment import Enrolment, enrol
from resellers.models import PartnerAccount, Reseller

LOCATION, GLOBAL = PartnerAccount.AccountKind.LOCATION, PartnerAccount.AccountKind.GLOBAL


@dataclass(frozen=True)
class Company:
    """A reseller of the demo; its Global admin is global-admin@<key>.example."""

    key: str
    name: str
    number: str
    contact: str
    days_ago: int
    provider: str = "kita"
    country: str = "JP"
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"

    @property
    def address(self) -> str:
        return f"global-admin@{self.key}.example"


RESELLERS = (
    Company("sakura", "株式会社さくらソリューションズ", "0012345", "桜井 健太", 364),
    Company("fujimi", "富士見システムズ株式会社", "4012345", "藤本 美和", 363),
    Company("hikari", "Hikari Managed Services K.K.", "0078901", "Hikari Otsuka", 362, language="en"),
    Company("kawa", "川辺ネットワーク合同会社", "4056789", "川辺 隆", 361),
    Company(
        "minato",
        "みなとみらいクラウドイノベーション・デジタルトランスフォーメーション推進パートナーズ株式会社 横浜本社",
        "000770011",
        "港 五郎左衛門",
        360,
    ),
    Company("take", "竹中システム販売株式会社", "4061122", "竹中 亮", 359),
    Company("natsu", "夏目情報サービス株式会社", "4067788", "夏目 葵", 358),
    Company("mosel", "Mosel Systemhaus GmbH", "77001", "Jutta Moser", 364, "rhein", "DE", "en", "Europe/Berlin"),
    Company(
        "neckar",
        "Neckar IT-Dienstleistungen und Beratungsgesellschaft für mittelständische Unternehmen mbH & Co. KG",
        "77002",
        "Dr. Karl-Friedrich Freiherr von Neckarsulm-Heilbronn",
        363,
        "rhein",
        "DE",
        "en",
        "Europe/Berlin",
    ),
    Company("donau", "Donau Cloud Services e.U.", "77003", "Resi Donner", 362, "rhein", "AT", "en", "Europe/Berlin"),
    Company(
        "lyon", "Services Infonuagiques du Rhône SARL", "77004", "Éloïse Girard", 361, "rhein", "FR", "en",
        "Europe/Berlin",
    ),
)  # fmt: skip
NO_PARTNER = (
    Company("momiji", "株式会社もみじテクノロジー", "4070001", "紅葉 楓", 40),
    Company("yuki", "雪国ICT合同会社", "4070002", "雪村 冬子", 30),
    Company("kaede", "楓コンサルティング株式会社", "4070003", "楓 光", 29),
    Company("ume", "梅沢オンライン株式会社", "4070005", "梅沢 鉄也", 60),
    Company("hangang", "Hangang Cloud Co., Ltd.", "4082001", "Kim Min-jun", 20, "kita", "KR", "en", "Asia/Seoul"),
)
PENDING = Company("tsubaki", "椿デジタル株式会社", "4070004", "椿 順子", 4)


def add_provider(key: str, name: str, country: str, *, description: str, languages: list[str], number: str) -> Provider:
    """A provider, as the operator registers it in Django admin."""
    organisation = Organisation.objects.create(kind=Kind.PROVIDER, name=name, country=country)
    PartnerAccount.objects.create(organisation=organisation, number=number, kind=LOCATION, country=country)
    return Provider.objects.create(
        organisation=organisation,
        description=description,
        website=f"https://{key}.example/",
        email=f"partners@{key}.example",
        email_domain=f"{key}.example",
        languages=languages,
    )


def add_reseller(company: Company) -> Membership:
    """A company that enrols by itself; its first person becomes its Global admin."""
    name = company.contact
    actor = person(company.address, name, language=company.language, time_zone=company.time_zone)
    details = Enrolment(
        company_name=company.name,
        country=company.country,
        mpn_id=company.number,
        contact_name=name,
        contact_email=company.address,
        contact_phone="",
        signer_name=name,
        website=f"https://{company.key}.example/",
    )
    return enrol(details, actor=actor)


def register_reseller(key: str, name: str, number: str, kind: PartnerAccount.AccountKind) -> Membership:
    """A company that the operator registered: it has a number, and has signed nothing yet."""
    organisation = Organisation.objects.create(kind=Kind.RESELLER, name=name, country="JP")
    address = f"global-admin@{key}.example"
    Reseller.objects.create(
        organisation=organisation,
        enrolment=Reseller.Enrolment.AUTHORIZED,
        contact_name=name,
        contact_email=address,
    )
    PartnerAccount.objects.create(
        organisation=organisation, number=number, kind=kind, country="JP", is_associated=kind == LOCATION
    )
    return colleague(organisation, person(address, name, language="ja"), Role.GLOBAL_ADMIN)
