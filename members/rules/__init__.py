"""What is asked of hosts: pure rules, which know neither Django nor any row."""
