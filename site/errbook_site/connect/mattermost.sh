curl -sS -H "Authorization: Token $ERRBOOK_MATTERMOST_TOKEN" \
  --data-urlencode "text=mysql 1205" "$ERRBOOK/chat/mattermost"
