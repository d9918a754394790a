"""GitHub's GraphQL API over a World, executed against the official schema."""
