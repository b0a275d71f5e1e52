-- What the other sides of the table have, for a provider that fill.sql has filled: links, people with licences, support,
-- notices.
-- Parameters: provider (uuid), reseller (uuid, one of its partners), customer (uuid, one of that reseller's), customers
-- (number), actor (id), members (ids of the provider's, the reseller's and the customer's admin), tag.

insert into customers_relationshiprequest (code, nonce, created_by_id, created_at, recipient, subject, message, language,
    expires_at, max_uses, uses, sent_at, decline_reason, provider_id, reseller_id, by_reseller, includes_admin)
select gen_random_uuid(), md5(n::text), %(actor)s, now() - n * interval '1 hour', 'hanako' || n || '@customer.example',
       'Request', 'Please open {{personal-link}}', 'en', now() + (50 - n %% 90) * interval '1 day', 1, n %% 2, now(), '',
       %(provider)s, %(reseller)s, n %% 3 = 0, true
from generate_series(1, %(customers)s / 20) as n;

insert into resellers_contactrequest (code, provider_id, reseller_id, name, email, message, created_at, created_by_id)
select gen_random_uuid(), %(provider)s, reseller_id, 'Contact', 'contact@reseller.example', 'Please call.', now(), %(actor)s
from resellers_partnership where provider_id = %(provider)s;

create temporary table person on commit drop as
select n, nextval('accounts_user_id_seq') as id,
       (array[%(provider)s, %(reseller)s, %(customer)s]::uuid[])[1 + n %% 3] as organisation
from generate_series(1, greatest(150, %(customers)s / 30)) as n;
insert into accounts_user (id, password, is_superuser, email, name, language, time_zone, must_change_password, is_active,
    is_staff, date_joined)
select id, '!', false, %(tag)s || '-' || n || '@people.example', 'Person ' || n, 'en', 'UTC', false, true, false, now()
from person;
insert into accounts_membership (user_id, organisation_id, roles, created_at)
select id, organisation, array['helpdesk_agent'], now() from person;

insert into customers_delegation (customer_id, partner_id, privilege, granted_at)
values (%(customer)s, %(provider)s, 'delegated_admin', now());
update subscriptions_subscription set licences = 30 where customer_id = %(customer)s;
insert into subscriptions_licenceassignment (subscription_id, membership_id, assigned_at, assigned_by_id)
select subscription.id, holder.id, now(), %(actor)s
from subscriptions_subscription as subscription
cross join (
    select membership.id from accounts_membership as membership join accounts_user on accounts_user.id = user_id
    where organisation_id = %(customer)s order by name limit 30  -- the first page of users
) as holder
where subscription.customer_id = %(customer)s;

update subscriptions_subscription set support_contact_id = %(reseller)s
where provider_id = %(provider)s and id %% 10 = 0;

insert into subscriptions_supportrequest (code, title, severity, status, opened_at, changed_at, subscription_id, provider_id,
    customer_id, assignee_id, opened_by_id)
select gen_random_uuid(), 'A question about ' || nickname, 'moderate',
       (array['open','attention_needed'])[1 + (id %% 2)::int], created_at, created_at, id, provider_id, customer_id,
       coalesce(support_contact_id, provider_id), %(actor)s
from subscriptions_subscription where provider_id = %(provider)s and (id %% 10 = 0 or customer_id = %(customer)s);

insert into outbox_notice (code, membership_id, subject, names, path, occasion, created_at)
select gen_random_uuid(), member, 'link_accepted', '{"company": "Aoba"}', '/customers/', '', now() - n * interval '1 hour'
from unnest(%(members)s) as member, generate_series(1, 1000) as n;
