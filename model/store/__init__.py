"""Model stores: folders, object stores, web servers and registries, by URI and digest."""
