-- What the renewal of all subscriptions of one provider writes, as plain SQL in one transaction: no locks, no rules.
-- Parameters: provider (uuid), moment (timestamp).

insert into subscriptions_charge (code, kind, posted_at, provider_id, customer_id, subscription_id, offer_id, period_start,
    period_end, licences, currency, unit_price, amount, reseller_id, partner_account_id, resale_unit_price, resale_amount, ineligible)
select gen_random_uuid(), 'renewal', now(), life.provider_id, life.customer_id, life.id, line.id, life.ends_at,
       life.ends_at + interval '1 month', life.licences, life.currency, line.unit_price, line.unit_price * life.licences,
       account.organisation_id, account.id, line.unit_price * 1.1, round(line.unit_price * 1.1 * life.licences), ''
from subscriptions_subscription as life
join subscriptions_offer as own on own.id = life.offer_id
join subscriptions_offer as line
    on line.item = own.item and line.effective_from <= life.ends_at and line.effective_to > life.ends_at
join subscriptions_resellerofrecord as credit on credit.subscription_id = life.id and credit.ends_at is null
join resellers_partneraccount as account on account.id = credit.partner_account_id
where life.provider_id = %(provider)s and life.due_at <= %(moment)s;

create temporary table renewed on commit drop as
select life.id, life.nickname, life.code, life.customer_id, company.name, relationship.reseller_id,
       nextval('activity_activity_id_seq') as activity
from subscriptions_subscription as life
join accounts_organisation as company on company.id = life.customer_id
join customers_relationship as relationship on relationship.id = life.relationship_id
where life.provider_id = %(provider)s and life.due_at <= %(moment)s;
insert into activity_activity (id, code, happened_at, verb, result, refusal, actor_name, affected_id, affected_name, target,
    details)
select activity, gen_random_uuid(), now(), 'subscription_renewed', 'done', '', '', customer_id, name, nickname,
       jsonb_build_object('subscription', code, 'old', '10 × ' || nickname, 'new', '10 × ' || nickname)
from renewed;
insert into activity_sighting (organisation_id, activity_id)
select unnest(array[%(provider)s, customer_id, reseller_id]), activity from renewed;

analyze subscriptions_charge;

update subscriptions_subscription as life
set offer_id = charge.offer_id, unit_price = charge.unit_price, markup = 0, starts_at = life.ends_at,
    ends_at = life.ends_at + interval '1 year', charged_until = charge.period_end, due_at = charge.period_end,
    revision = life.revision + 1
from subscriptions_charge as charge
where charge.subscription_id = life.id and charge.kind = 'renewal' and life.provider_id = %(provider)s
    and life.due_at <= %(moment)s
