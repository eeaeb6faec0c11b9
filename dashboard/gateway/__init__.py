"""How the dashboard speaks GraphQL: operations as files, answers as typed views, subscriptions that come back."""
