"""What people open every day: pages over the gateway's GraphQL, moving by push."""
