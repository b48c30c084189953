"""What policies are asked about permissions, and with which facts."""
