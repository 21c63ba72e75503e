"""What forces and departments send: the annual return, how it is read, checked and taken in."""
