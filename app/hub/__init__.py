"""Makes one model of the saved folders of many stations. Nothing here runs on a kiosk."""
