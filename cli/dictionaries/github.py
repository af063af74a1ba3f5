"""What GitHub sends in a payload and our samples leave out, such as the URLs of a repository.

The members are those of https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from collections.abc import Callable, Mapping
from typing import Final, cast

from pydantic import JsonValue

from signalbox.models.base import JsonObject

_USER: Final = {
    "url": "",
    "html_url": None,
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_ORGANIZATION: Final = {
    "url": "",
    "repos_url": "/repos",
    "events_url": "/events",
    "hooks_url": "/hooks",
    "issues_url": "/issues",
    "members_url": "/members{/member}",
    "public_members_url": "/public_members{/member}",
}
_REPOSITORY: Final = {
    "url": "",
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
_REPOSITORY_FACTS: Final[JsonObject] = {
    "homepage": None,
    "size": 0,
    "stargazers_count": 0,
    "watchers_count": 0,
    "language": None,
    "has_issues": True,
    "has_projects": True,
    "has_downloads": True,
    "has_wiki": True,
    "has_pages": False,
    "has_discussions": False,
    "forks_count": 0,
    "mirror_url": None,
    "archived": False,
    "disabled": False,
    "open_issues_count": 2,
    "license": None,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "topics": [],
    "visibility": "public",
    "forks": 0,
    "open_issues": 2,
    "watchers": 0,
    "default_branch": "main",
    "custom_properties": {},
}
_ISSUE: Final = {
    "url": "",
    "labels_url": "/labels{/name}",
    "comments_url": "/comments",
    "events_url": "/events",
    "timeline_url": "/timeline",
}
_REACTIONS: Final = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
_USER_IDS: Final = ("login", "id", "node_id", "avatar_url")
_API: Final = "https://api.github.com"
_WEB: Final = "https://github.com"


def with_all_members(body: JsonObject) -> JsonObject:
    """Return the payload with the members that GitHub adds to what our samples keep of it."""
    return cast("JsonObject", _completed(body, ""))


def _completed(value: JsonValue, name: str) -> JsonValue:
    if isinstance(value, list):
        return [_completed(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _completed(each, key) for key, each in value.items()}
    by_member = (rule for member, rule in _BY_MEMBER.items() if member in inner)
    return _BY_NAME.get(name, next(by_member, _unchanged))(inner)


def _unchanged(inner: JsonObject) -> JsonObject:
    return inner


def _comment(comment: JsonObject) -> JsonObject:
    return {**comment, "reactions": _reactions(str(comment.get("url", "")))}


def _user(user: JsonObject) -> JsonObject:
    url = f"{_API}/users/{user['login']}"
    links: JsonObject = {
        key: f"{_WEB}/{user['login']}" if suffix is None else url + suffix
        for key, suffix in _USER.items()
    }
    first: JsonObject = {key: user[key] for key in _USER_IDS if key in user}
    last: JsonObject = {
        "type": user.get("type", "User"),
        "user_view_type": "public",
        "site_admin": False,
    }
    return {**first, "gravatar_id": "", **links, **last}


def _organization(organization: JsonObject) -> JsonObject:
    url = f"{_API}/orgs/{organization['login']}"
    links: JsonObject = {key: url + suffix for key, suffix in _ORGANIZATION.items()}
    avatar = f"https://avatars.githubusercontent.com/u/{organization['id']}?v=4"
    first = {"node_id": "O_kgDO", **organization}
    return {**first, **links, "avatar_url": avatar, "description": ""}


def _repository(repository: JsonObject) -> JsonObject:
    name = repository["full_name"]
    links: JsonObject = {key: f"{_API}/repos/{name}{suffix}" for key, suffix in _REPOSITORY.items()}
    times = {key: repository.pop(key, None) for key in ("created_at", "updated_at", "pushed_at")}
    clones: JsonObject = {
        "git_url": f"git://github.com/{name}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "clone_url": f"{_WEB}/{name}.git",
        "svn_url": f"{_WEB}/{name}",
    }
    facts = {key: repository.pop(key, fact) for key, fact in _REPOSITORY_FACTS.items()}
    return {**repository, **links, **times, **clones, **facts}


def _issue(issue: JsonObject) -> JsonObject:
    url = str(issue["url"])
    before, _, _ = url.partition("/issues/")
    links: JsonObject = {key: url + suffix for key, suffix in _ISSUE.items()}
    timeline = links.pop("timeline_url")
    more: JsonObject = {
        "url": url,
        "repository_url": before,
        **links,
        **issue,
        "active_lock_reason": None,
        "reactions": _reactions(url),
        "timeline_url": timeline,
        "performed_via_github_app": None,
        "state_reason": None,
    }
    return more


def _pull_request(pull_request: JsonObject) -> JsonObject:
    url = str(pull_request.get("url", f"{_API}/repos/octo-org/railway/pulls/1"))
    repository, _, number = url.partition("/pulls/")
    web = f"{_WEB}/{repository.removeprefix(f'{_API}/repos/')}/pull/{number}"
    issue = f"{repository}/issues/{number}"
    links: JsonObject = {
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{repository}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": f"{repository}/statuses/",
    }
    return {
        **pull_request,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "requested_reviewers": pull_request.get("requested_reviewers", []),
        "requested_teams": [],
        "milestone": None,
        **links,
        "_links": _links(url, web, issue, links),
        "author_association": "MEMBER",
        "auto_merge": None,
        "active_lock_reason": None,
        "merged": False,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    }


def _links(url: str, web: str, issue: str, links: JsonObject) -> JsonObject:
    hrefs: JsonObject = {"self": url, "html": web, "issue": issue}
    hrefs |= {name: links[f"{name}_url"] for name in ("comments", "review_comments")}
    hrefs |= {name: links[f"{name}_url"] for name in ("review_comment", "commits", "statuses")}
    return {name: {"href": href} for name, href in hrefs.items()}


def _reactions(url: str) -> JsonObject:
    counts: JsonObject = dict.fromkeys(_REACTIONS, 0)
    return {"url": f"{url}/reactions", "total_count": 0, **counts}


_Rule = Callable[[JsonObject], JsonObject]

_BY_NAME: Final[Mapping[str, _Rule]] = {
    "organization": _organization,
    "issue": _issue,
    "pull_request": _pull_request,
    "comment": _comment,
}
_BY_MEMBER: Final[Mapping[str, _Rule]] = {"avatar_url": _user, "full_name": _repository}
