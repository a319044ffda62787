"""The content-addressed core of obs: what is stored, how it is read, what is done with it.

    errors  <-  format  <-  { store | observe }  <-  operations  <-  cli

Each room imports only from the rooms to its left; a test walks the imports.
"""
