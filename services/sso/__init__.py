"""Single sign-on with OpenID Connect.

`connections` is what a Tenant Admin sets; `outbound`, `provider`, `tokens` and `exchange` are the
protocol; `flow` is one sign-in, from the button and back, and `attempts` what the browser keeps in
between; `linking` decides who gets in; `logout` is both ways out.

Authlib does the protocol but not the requests. Its Starlette integration would bring the web into
the services; it keeps one provider per name for the life of the process, trusts a discovery
document's word for its issuer, and accepts a token that expired two minutes ago. So requests are
our own (`outbound`, with narrow limits), and what Authlib leaves open is checked here.
"""
