"""What guards the code of an application: decorators, permission objects, queries of pages."""
