"""Several processes of the app behind a balancer, and the files that an operator starts from."""
