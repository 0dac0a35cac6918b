"""Where videos come from: folders, manifests, urls."""
