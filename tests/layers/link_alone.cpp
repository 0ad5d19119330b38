// Nothing: that this links with one role's whole library is the test.
int main() { return 0; }
