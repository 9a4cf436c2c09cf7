"""One outside thing a file: wire formats, mapping files, disks."""
