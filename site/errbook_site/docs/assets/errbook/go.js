// Follows a redirect at once, with the anchor and the query of the short address.
location.replace(document.currentScript.dataset.target + location.search + location.hash);
