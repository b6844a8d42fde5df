"""Single sign-on with OpenID Connect.

`connections` is what a Tenant Admin sets; `outbound`, `provider`, `tokens` and `exchange` are the
protocol; `flow` is one sign-in, from the button and back, and `attempts` what the browser keeps
between the two; `linking` decides who gets in; `logout` is both ways out.

Authlib does the protocol without doing the talking: its Starlette integration would bring the web
into the services, keeps one provider per name for the life of the process, and takes a discovery
document's word for its issuer and a token that expired two minutes ago. So requests are ours
(`outbound`, on a short lead), and what Authlib leaves open is checked here.
"""
