"""Creates issues and links one after the other, as one does with the package; prints the seconds that it took."""

import json
import sys
import time

from jira import JIRA

url, email, token, prefetch = sys.argv[1:]
work = json.load(sys.stdin)
begin = time.perf_counter()
jira = JIRA(server=url, basic_auth=(email, token), options={"rest_api_version": "3"})
issues = [jira.create_issue(fields=fields, prefetch=prefetch == "true") for fields in work["issues"]]
for link in work["links"]:
    jira.create_issue_link(link["type"], issues[link["inward"]].key, issues[link["outward"]].key)
print(time.perf_counter() - begin)
