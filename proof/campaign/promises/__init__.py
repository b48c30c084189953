"""What is promised besides what the histories show: of processes, logs, resources and alerts."""
