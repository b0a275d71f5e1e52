-- One provider with its resellers, customers and subscriptions, three for each customer, as raw rows: minutes, not hours.
-- Parameters: provider (uuid), customers, resellers (numbers), actor (id), tag (text that keeps two providers apart).

create temporary table reseller on commit drop as
select n, md5(%(tag)s || 'reseller' || n)::uuid as id from generate_series(0, %(resellers)s - 1) as n;

create temporary table company on commit drop as
select n,
       md5(%(tag)s || 'customer' || n)::uuid as id,
       (array['青葉','若葉','Sakura','楓','Momiji','北斗','Aoba','日の出'])[1 + n %% 8] || '商事 '
           || lpad(((n * 7919) %% 1000003)::text, 7, '0') as name,
       %(tag)s || n || '.onmicrosoft.com' as domain,
       now() - (n %% 500) * interval '1 day' as since
from generate_series(0, %(customers)s - 1) as n;

insert into accounts_organisation (id, kind, name, country, created_at)
select id, 'reseller', 'Reseller ' || lpad(n::text, 5, '0'), 'JP', now() from reseller;
insert into resellers_reseller (organisation_id, enrolment, enrolled_at, contact_name, contact_email, contact_phone, website)
select id, 'authorized', now(), 'Contact', 'contact@reseller.example', '', '' from reseller;
insert into resellers_partneraccount (organisation_id, number, kind, country, is_associated)
select id, lpad((%(first_number)s + n)::text, 7, '0'), 'location', 'JP', true from reseller;
insert into resellers_partneragreement (organisation_id, region, version, signer_name, signed_at)
select id, 'japan', '2026-11', 'Signer', now() from reseller;
insert into resellers_partnership (code, provider_id, reseller_id, started_at, leave_reason)
select gen_random_uuid(), %(provider)s, id, now(), '' from reseller;

insert into accounts_organisation (id, kind, name, country, created_at)
select id, 'customer', name, 'JP', since from company;
insert into customers_customer (organisation_id, primary_domain, first_name, last_name, email, phone, address_line1,
    address_line2, city, state, postal_code, language, qualification, registration_number)
select id, domain, 'Hanako', 'Yamada', 'hanako@customer.example', '', '1-1', '', '千代田区', '東京都', '100-0001', 'ja', 'none', ''
from company;
insert into customers_relationship (provider_id, customer_id, reseller_id, company_name, primary_domain, sort_name,
    search_text, created_at)
select %(provider)s, company.id, reseller.id, name, domain, lower(name), lower(name) || ' ' || domain || ' ' || company.id, since
from company join reseller on reseller.n = company.n %% %(resellers)s;

create temporary table bought on commit drop as
select relationship.id as relationship, relationship.customer_id as customer, relationship.reseller_id as reseller,
       relationship.search_text as customer_text,
       relationship.created_at as since, nextval('subscriptions_order_id_seq') as order_id
from customers_relationship as relationship where provider_id = %(provider)s;
insert into subscriptions_order (id, code, number, provider_id, customer_id, relationship_id, placed_at, placed_by_id)
select order_id, gen_random_uuid(), %(tag)s || '-' || order_id, %(provider)s, customer, relationship, since, %(actor)s
from bought;

create temporary table line on commit drop as
select bought.*, offer.id as offer, offer.sku_title as title, offer.currency, offer.unit_price,
       nextval('subscriptions_orderline_id_seq') as line_id, nextval('subscriptions_subscription_id_seq') as subscription_id,
       (array['active','active','active','active','suspended','expired'])[1 + (order_id %% 6)::int] as status
from bought cross join (select * from subscriptions_offer where market = 'JP' and term = 'P1Y' order by id limit 3) as offer;
insert into subscriptions_orderline (id, order_id, offer_id, title, term, billing, licences, unit_price, currency)
select line_id, order_id, offer, title, 'P1Y', 'monthly', 10, unit_price, currency from line;
create temporary table running on commit drop as
select line.*, extract(year from age(now(), since))::int as years,
       (extract(year from age(now(), since)) * 12 + extract(month from age(now(), since)))::int as months
from line;
insert into subscriptions_subscription (id, code, provider_id, customer_id, relationship_id, order_line_id, offer_id, nickname,
    search_text, customer_text, licences, status, term, billing, unit_price, currency, markup, trial_of, auto_renew, anchor,
    starts_at, ends_at, charged_until, due_at, ended_at, is_credited, revision, created_at)
select subscription_id, md5(%(tag)s || 'subscription' || subscription_id)::uuid, %(provider)s, customer, relationship, line_id,
       offer, title, lower(title), customer_text, 10, status, 'P1Y', 'monthly', unit_price, currency, 10, '', order_id %% 10 > 0,
       since, since + years * interval '1 year', since + (years + 1) * interval '1 year',
       since + (months + 1) * interval '1 month',
       case when status <> 'expired' then since + (months + 1) * interval '1 month' end,
       case when status = 'expired' then now() end, true, 1, since
from running;
insert into subscriptions_resellerofrecord (subscription_id, provider_id, partner_account_id, starts_at)
select subscription_id, %(provider)s, account.id, since
from line join resellers_partneraccount as account on account.organisation_id = line.reseller;
insert into subscriptions_licencechange (subscription_id, difference, changed_at)
select subscription_id, 10, since from line;

-- What was charged at first, and for the billing period that runs now.
insert into subscriptions_charge (code, kind, posted_at, provider_id, customer_id, subscription_id, order_id, offer_id,
    period_start, period_end, licences, currency, unit_price, amount, reseller_id, partner_account_id, resale_unit_price,
    resale_amount, ineligible)
select gen_random_uuid(), 'purchase', since, %(provider)s, customer, subscription_id, order_id, offer, since,
       since + interval '1 month', 10, currency, unit_price, unit_price * 10, reseller, account.id,
       round(unit_price * 1.1), round(unit_price * 1.1) * 10, ''
from running join resellers_partneraccount as account on account.organisation_id = running.reseller;
insert into subscriptions_charge (code, kind, posted_at, provider_id, customer_id, subscription_id, offer_id,
    period_start, period_end, licences, currency, unit_price, amount, reseller_id, partner_account_id, resale_unit_price,
    resale_amount, ineligible)
select gen_random_uuid(), 'cycle', since + months * interval '1 month', %(provider)s, customer, subscription_id, offer,
       since + months * interval '1 month', since + (months + 1) * interval '1 month', 10, currency, unit_price,
       unit_price * 10, reseller, account.id, round(unit_price * 1.1), round(unit_price * 1.1) * 10, ''
from running join resellers_partneraccount as account on account.organisation_id = running.reseller
where months > 0 and status <> 'expired';

create temporary table happened on commit drop as
select nextval('activity_activity_id_seq') as id, bought.* from bought;
insert into activity_activity (id, code, happened_at, verb, result, refusal, actor_id, actor_name, affected_id, affected_name,
    target, details)
select happened.id, gen_random_uuid(), since, 'order_placed', 'done', '', %(actor)s, 'bench@provider.example', customer,
       organisation.name, 'order', '{}'
from happened join accounts_organisation as organisation on organisation.id = happened.customer;
insert into activity_sighting (organisation_id, activity_id) select %(provider)s, id from happened;
insert into activity_sighting (organisation_id, activity_id) select customer, id from happened;
