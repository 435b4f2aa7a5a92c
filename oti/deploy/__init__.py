"""What the real shape needs beside the code: the proxy's configuration and the health checks."""
