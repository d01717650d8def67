export ERRBOOK_SITE_URL=https://errors.example.com
export ERRBOOK_HOST=127.0.0.1 ERRBOOK_PORT=8000
errbook serve
