"""GraphiQL, the GraphQL workbench in the browser, from files beside this one: nothing comes from elsewhere."""
