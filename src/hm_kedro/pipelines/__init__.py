"""The pipelines, each a package; a regular one of their own, which Python finds in an archive too."""
