-- Subscriptions of one provider, due in the month that starts at a moment (on its first 28 days, at any second), as raw rows.
-- Each has its reseller of record. One in twelve renews in that month, and of those one in ten expires; with
-- all_renew each of them renews at the very moment, and none expires.
-- Parameters: provider (uuid), tag (text), first_number (of the MPN IDs), subscriptions (number), moment (timestamp), actor (id), all_renew (boolean).

create temporary table reseller on commit drop as
select n, md5(%(tag)s || 'reseller' || n)::uuid as id from generate_series(0, 19) as n;
create temporary table company on commit drop as
select n, md5(%(tag)s || 'customer' || n)::uuid as id, %(tag)s || ' customer ' || n as name,
       %(tag)s || n || '.onmicrosoft.com' as domain
from generate_series(0, %(subscriptions)s / 10) as n;

insert into accounts_organisation (id, kind, name, country, created_at)
select id, 'reseller', 'Reseller ' || n, 'JP', now() from reseller;
insert into resellers_reseller (organisation_id, enrolment, enrolled_at, contact_name, contact_email, contact_phone, website)
select id, 'authorized', now(), 'Contact', 'contact@reseller.example', '', '' from reseller;
insert into resellers_partneraccount (organisation_id, number, kind, country, is_associated)
select id, %(first_number)s + n, 'location', 'JP', true from reseller;
insert into resellers_partneragreement (organisation_id, region, version, signer_name, signed_at)
select id, 'japan', '2026-11', 'Signer', now() from reseller;

insert into accounts_organisation (id, kind, name, country, created_at)
select id, 'customer', name, 'JP', now() from company;
insert into customers_customer (organisation_id, primary_domain, first_name, last_name, email, phone, address_line1,
    address_line2, city, state, postal_code, language, qualification, registration_number)
select id, domain, 'Hanako', 'Yamada', 'hanako@customer.example', '', '1-1', '', '', '', '', 'ja', 'none', ''
from company;
insert into customers_relationship (provider_id, customer_id, reseller_id, company_name, primary_domain, sort_name,
    search_text, created_at)
select %(provider)s, company.id, reseller.id, name, domain, lower(name), lower(name) || ' ' || domain, now()
from company join reseller on reseller.n = company.n %% 20;

insert into subscriptions_offer (code, product_title, product_id, sku_id, sku_title, publisher, description, term, billing,
    market, currency, unit_price, erp_price, min_licences, effective_from, effective_to, tags, segment, category)
select gen_random_uuid(), 'Plan ' || n, %(tag)s || n, '0001', 'Plan ' || n, 'Publisher', '', 'P1Y', 'monthly', 'JP', 'JPY',
       500 + n + since, 900, 1, %(moment)s::timestamptz + since * interval '1 year', %(moment)s::timestamptz + (since + 2) * interval '1 year',
       '{}', 'commercial', 'enterprise'
from generate_series(0, 19) as n cross join (values (-2), (0)) as line (since);

create temporary table life on commit drop as
select g.n, 5 + g.n %% 20 as licences, offer.id as offer, offer.sku_title as title, offer.unit_price,
       relationship.id as relationship, relationship.customer_id as customer, relationship.reseller_id as reseller,
       relationship.search_text as customer_text,
       nextval('subscriptions_order_id_seq') as order_id, nextval('subscriptions_orderline_id_seq') as line_id,
       nextval('subscriptions_subscription_id_seq') as subscription_id,
       case when %(all_renew)s then %(moment)s::timestamptz
           else %(moment)s::timestamptz + (g.n %% 28) * interval '1 day' + (g.n::bigint * 7919 %% 86400) * interval '1 second'
       end as due,
       case when %(all_renew)s then 12 else 1 + (g.n / 28) %% 12 end as months,
       %(all_renew)s or (g.n / 336) %% 10 <> 0 as auto_renew
from generate_series(0, %(subscriptions)s - 1) as g (n)
join subscriptions_offer as offer on offer.product_id = %(tag)s || (g.n %% 20) and offer.effective_from < %(moment)s
join company on company.n = g.n / 10
join customers_relationship as relationship on relationship.customer_id = company.id;

insert into subscriptions_order (id, code, number, provider_id, customer_id, relationship_id, placed_at, placed_by_id)
select order_id, gen_random_uuid(), %(tag)s || '-' || n, %(provider)s, customer, relationship, due - months * interval '1 month',
       %(actor)s
from life;
insert into subscriptions_orderline (id, order_id, offer_id, title, term, billing, licences, unit_price, currency)
select line_id, order_id, offer, title, 'P1Y', 'monthly', licences, unit_price, 'JPY' from life;
insert into subscriptions_subscription (id, code, provider_id, customer_id, relationship_id, order_line_id, offer_id, trial_of,
    nickname, search_text, customer_text, licences, status, term, billing, unit_price, currency, markup, auto_renew,
    starts_at, ends_at, anchor, charged_until, due_at, is_credited, revision, created_at)
select subscription_id, gen_random_uuid(), %(provider)s, customer, relationship, line_id, offer, '', title, lower(title),
       customer_text, licences, 'active', 'P1Y', 'monthly', unit_price, 'JPY', 10, auto_renew, due - months * interval '1 month',
       due + (12 - months) * interval '1 month', due - months * interval '1 month', due, due, true, 1, now()
from life;
insert into subscriptions_resellerofrecord (subscription_id, provider_id, partner_account_id, starts_at)
select subscription_id, %(provider)s, account.id, due - months * interval '1 month'
from life join resellers_partneraccount as account on account.organisation_id = life.reseller;
insert into subscriptions_licencechange (subscription_id, difference, changed_at)
select subscription_id, licences, due - months * interval '1 month' from life
