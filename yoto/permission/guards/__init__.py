"""Guards for an application's code: decorators, permission objects, queries of pages."""
