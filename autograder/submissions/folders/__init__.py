"""What lies in a folder that was handed in, also in archives and folders of folders."""
